package validate
import ("testing";"context")
func TestSurf(t *testing.T){
 r,err:=runSurfWeek(context.Background(), "/work/shared/data")
 t.Log(r,err)
}
