package validate
import ("testing";"context";"os";"encoding/csv";"strconv";"fmt";"math";"compress/gzip")
func TestDbg(t *testing.T){
 d:="/work/shared/data/peers/surf-week"
 f,_:=os.Open(d+"/consumption.csv"); rows,_:=csv.NewReader(f).ReadAll()
 meas:=map[int]float64{}
 for _,r:=range rows[1:]{a,_:=strconv.Atoi(r[0]);b,_:=strconv.ParseFloat(r[1],64);meas[a/1000]=b}
 g,_:=os.Open(d+"/opendc_power_sqrt_32_180.csv.gz"); z,_:=gzip.NewReader(g); rows,_=csv.NewReader(z).ReadAll()
 od:=map[int][2]float64{}
 for _,r:=range rows[1:]{a,_:=strconv.Atoi(r[0]);b,_:=strconv.ParseFloat(r[1],64);c,_:=strconv.ParseFloat(r[2],64);od[a/1000]=[2]float64{b,c/150}}
 fmt.Println("opendc",len(rows), "meas", len(meas))
 p,_:=compile(d,"surf",fmt.Sprintf(surfScenario,"pack-by-node"))
 s,_:=live(context.Background(),p)
 pw,en:=s.of["site.it_power"],s.of["site.it_energy"]
 acc:=func(name string, fn func(k int)(float64,float64,bool)){ n,sum,b,w:=0,0.0,0.0,0.0; at:=0; for k:=1;k<len(s.time);k++{ a,m,ok:=fn(k); if !ok{continue}; n++; e:=math.Abs(a-m)/m; sum+=e; b+=(a-m)/m; if e>w{w=e;at=k} }; fmt.Printf("%-40s n=%d mape %.4f%% bias %.4f%% worst %.3f%% at %d\n",name,n,100*sum/float64(n),100*b/float64(n),100*w,at*150)}
 mm:=func(k int)(float64,bool){v:=0.0;for i:=0;i<5;i++{x,ok:=meas[150*k-30*i]; if !ok{return 0,false}; v+=x/5}; return v,true}
 mb:=func(k int)(float64,bool){v:=0.0;for i:=0;i<5;i++{x,ok:=meas[150*k+30*i]; if !ok{return 0,false}; v+=x/5}; return v,true}
 acc("ours inst vs meas inst",func(k int)(float64,float64,bool){m,ok:=meas[150*k];return pw[k],m,ok})
 acc("ours mean vs meas inst",func(k int)(float64,float64,bool){m,ok:=meas[150*k];return (en[k]-en[k-1])/150,m,ok})
 acc("ours mean vs meas mean",func(k int)(float64,float64,bool){m,ok:=mm(k);return (en[k]-en[k-1])/150,m,ok})
 acc("ours mean vs meas mean (fwd)",func(k int)(float64,float64,bool){m,ok:=mb(k-1);return (en[k]-en[k-1])/150,m,ok})
 acc("opendc inst vs meas inst",func(k int)(float64,float64,bool){m,ok:=meas[150*k];o,ok2:=od[150*k];return o[0],m,ok&&ok2})
 acc("opendc mean vs meas mean",func(k int)(float64,float64,bool){m,ok:=mm(k);o,ok2:=od[150*k];return o[1],m,ok&&ok2})
 acc("ours inst vs opendc inst",func(k int)(float64,float64,bool){o,ok:=od[150*k];return pw[k],o[0],ok})
 acc("ours mean vs opendc mean",func(k int)(float64,float64,bool){o,ok:=od[150*k];return (en[k]-en[k-1])/150,o[1],ok})
 for k:=1;k<12;k++{fmt.Println(k*150,pw[k],(en[k]-en[k-1])/150,od[150*k],meas[150*k])}
 q:=0.0; for _,x:=range s.of["jobs.queued"]{q=max(q,x)}; fmt.Println("max queued",q)
}
